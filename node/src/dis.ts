// The client of Huawei Cloud DIS with everything that its calls take and give.

export * from './generated/dis.js'
export * from './records.js'
