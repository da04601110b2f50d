// The client of Alibaba Cloud DataHub with everything that its calls take and give.

export * from './generated/datahub.js'
export * from './records.js'
