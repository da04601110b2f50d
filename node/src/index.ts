// The clients, and what they share. The types of each service's calls are in `hubstream/datahub` and
// `hubstream/dis`.

export { DataHub, type DataHubOptions } from './generated/datahub.js'
export { DisClient, type DisClientOptions } from './generated/dis.js'
export * from './records.js'
