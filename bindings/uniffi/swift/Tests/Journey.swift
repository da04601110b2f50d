// A tuple topic from its creation to a consumer that stops and goes on, errors, and a stream of DIS.

import Foundation
import Hubstream

struct Failed: Error, CustomStringConvertible {
    let description: String
}

var checks = 0

func equal<T: Equatable>(_ expected: T, _ found: T, _ line: Int = #line) throws {
    guard expected == found else { throw Failed(description: "line \(line): expected \(expected), found \(found)") }
    checks += 1
}

func refused(_ line: Int = #line, _ call: () async throws -> Void) async throws -> ErrorDetails {
    do {
        try await call()
    } catch let error as HubstreamError {
        return error.details()
    }
    throw Failed(description: "line \(line): should fail")
}

@main
struct Journey {
    static func main() async {
        do {
            let emulator = try await Emulator.start(options: EmulatorOptions())
            try await consumer(emulator)
            try await errors(emulator)
            try await stream(emulator)
            try await emulator.stop()
            print("swift: \(checks) checks passed")
        } catch {
            print("swift: failed: \(error)")
            exit(1)
        }
    }

    static func settings(_ emulator: Emulator, _ endpoint: String?) -> [String: String] {
        ["endpoint": endpoint!, "access_id": emulator.accessId(), "access_key": emulator.accessKey()]
    }

    static func hub(_ emulator: Emulator) throws -> DataHub {
        try DataHub(settings: settings(emulator, emulator.datahubUrl()))
    }

    static func put(_ hub: DataHub, _ schema: RecordSchema) async throws {
        let builder = RecordBatchBuilder.tuples(schema: schema)
        try builder.addTuples(
            records: (0..<30).map { index in
                let values: [FieldValue] = [
                    .integer(value: Int64(index)), .text(value: "place \(index)"), .double(value: Double(index) * 0.5),
                ]
                return TupleRecord(values: values, shardId: String(index % 3))
            })
        let result = try await hub.putRecords(projectName: "shop", topicName: "quakes", recordList: builder.build())
        try equal(0, result.failedRecordCount)
    }

    static func consumer(_ emulator: Emulator) async throws {
        let hub = try hub(emulator)
        let schema = try RecordSchema(fields: [
            Field(name: "id", fieldType: .bigint, allowNull: false),
            Field(name: "place", fieldType: .string),
            Field(name: "magnitude", fieldType: .double),
        ])
        try await hub.createProject(projectName: "shop")
        try await hub.createTupleTopic(
            projectName: "shop", topicName: "quakes", shardCount: 3, lifeCycle: 7, recordSchema: schema)
        try await hub.waitShardsReady(projectName: "shop", topicName: "quakes")
        try await put(hub, schema)
        let shards = try await hub.listShard(projectName: "shop", topicName: "quakes").shards
        try equal([.active, .active, .active], shards.map { $0.state })

        let subId = try await hub.createSubscription(projectName: "shop", topicName: "quakes").subId
        let first = try await session(hub, subId)
        let oldest = try await hub.getCursor(projectName: "shop", topicName: "quakes", shardId: "0", cursorType: .oldest)
        let half = try await hub.getTupleRecords(
            projectName: "shop", topicName: "quakes", shardId: "0", recordSchema: schema, cursor: oldest.cursor,
            limitNum: 4
        ).records
        try await commit(hub, subId, first, half.metadata().last!)

        let second = try await session(hub, subId)
        let cursor = try await hub.getCursor(
            projectName: "shop", topicName: "quakes", shardId: "0", cursorType: .sequence, param: second.sequence + 1)
        let rest = try await hub.getTupleRecords(
            projectName: "shop", topicName: "quakes", shardId: "0", cursor: cursor.cursor
        ).records
        let ids = try (half.rows() + rest.rows()).map { $0[0] }
        try equal((0..<10).map { .integer(value: $0 * 3) }, ids)
        try equal([.integer(value: 27), .text(value: "place 27"), .double(value: 13.5)], rest.rows().last!)
        try equal(["PutRecords": 30, "PutRecordsByShard": 0], hub.stats().recordsPut)

        let version = try await hub.getSubscriptionOffset(
            projectName: "shop", topicName: "quakes", subId: subId, shardIds: ["0"]
        ).offsets["0"]!
        let after = try await [
            hub.getCursorAfter(projectName: "shop", topicName: "quakes", shardId: "0", offset: second),
            hub.getCursorAfter(projectName: "shop", topicName: "quakes", shardId: "0", offset: version),
            hub.getCursorAfter(
                projectName: "shop", topicName: "quakes", shardId: "0", offset: OffsetBase(version)),
        ]
        try equal([3, 3, 3], after.map { $0.sequence })
        let behind = try await hub.getTupleRecords(
            projectName: "shop", topicName: "quakes", shardId: "0", cursor: after[0].cursor, after: version
        ).records
        try equal(rest.rows(), behind.rows())

        let lost = try await refused { try await commit(hub, subId, first, rest.metadata().last!) }
        try equal("session_lost", lost.kind)
    }

    static func session(_ hub: DataHub, _ subId: String) async throws -> OffsetWithSession {
        try await hub.initAndGetSubscriptionOffset(
            projectName: "shop", topicName: "quakes", subId: subId, shardIds: ["0"]
        ).offsets["0"]!
    }

    static func commit(
        _ hub: DataHub, _ subId: String, _ session: OffsetWithSession, _ record: RecordMetadata
    ) async throws {
        let position = OffsetWithSession(
            sequence: record.sequence, timestamp: record.systemTime, version: session.version,
            sessionId: session.sessionId)
        try await hub.updateSubscriptionOffset(
            projectName: "shop", topicName: "quakes", subId: subId, offsets: ["0": position])
    }

    static func errors(_ emulator: Emulator) async throws {
        let hub = try hub(emulator)
        let absent = try await refused { _ = try await hub.getTopic(projectName: "nobody", topicName: "nothing") }
        try equal(["not_found", "NoSuchProject", "GetTopic"], [absent.kind, absent.code, absent.operation])
        try equal(404, absent.httpStatus)
        try equal(absent.summary, absent.description)
        let setting = try await refused { _ = try DataHub(settings: ["endpiont": "x"]) }
        try equal(true, setting.reason.contains("did you mean `endpoint`"))
    }

    static func stream(_ emulator: Emulator) async throws {
        var all = settings(emulator, emulator.disUrl())
        all["region"] = "local"
        all["project_id"] = "project"
        let dis = try DisClient(settings: all)
        try await dis.createStream(streamName: "stream", partitionCount: 1)
        let builder = RecordBatchBuilder.blobs()
        try builder.addBlobs(records: ["a", "b"].map { BlobRecord(data: Data($0.utf8), partitionKey: "key") })
        let stored = try await dis.putRecords(streamName: "stream", records: builder.build()).records
        let cursor = try await dis.getCursor(
            streamName: "stream", partitionId: stored[0].partitionId!, cursorType: .trimHorizon)
        let got = try await dis.getRecords(partitionCursor: cursor.partitionCursor).records
        try equal(["a", "b"], got.blobs().map { String(decoding: $0, as: UTF8.self) })
    }
}
