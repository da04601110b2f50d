package io.hubstream

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

/** A tuple topic from its creation to a consumer that stops and goes on. */
class JourneyTest : EmulatorTest() {
    private val schema = RecordSchema(
        listOf(
            Field("id", FieldType.Bigint, allowNull = false),
            Field("place", FieldType.String),
            Field("magnitude", FieldType.Double),
        ),
    )

    private suspend fun put(hub: DataHub, project: String, topic: String) {
        val batch = RecordBatchBuilder.tuples(schema).use { builder ->
            builder.addTuples(
                List(30) { index ->
                    TupleRecord(
                        listOf(fieldValue(index), fieldValue("place $index"), fieldValue(index * 0.5)),
                        shardId = (index % 3).toString(),
                    )
                },
            )
            builder.build()
        }
        assertEquals(0, hub.putRecords(project, topic, batch).failedRecordCount)
    }

    @Test
    fun `a consumer goes on where it left off and an outdated session is refused`() = runBlocking {
        val hub = DataHub(settings())
        val (project, topic) = tupleTopic(hub, schema, 3)
        put(hub, project, topic)
        assertTrue(hub.listShard(project, topic).shards.all { it.state == ShardState.Active })
        val subId = hub.createSubscription(project, topic, "reader").subId

        val first = hub.initAndGetSubscriptionOffset(project, topic, subId, listOf("0")).offsets.getValue("0")
        assertTrue(first.sequence < 0)
        var cursor = hub.getCursor(project, topic, "0", CursorType.Oldest).cursor
        val half = hub.getTupleRecords(project, topic, "0", schema, cursor, 4).records
        commit(hub, project, topic, subId, first, half.metadata().last())

        val again = DataHub(settings())
        val second = again.initAndGetSubscriptionOffset(project, topic, subId, listOf("0")).offsets.getValue("0")
        cursor = again.getCursor(project, topic, "0", CursorType.Sequence, second.sequence + 1).cursor
        val rest = again.getTupleRecords(project, topic, "0", cursor = cursor).records
        val ids = (half.toRows() + rest.toRows()).map { it[0] }
        assertEquals(List(10) { it * 3L }, ids)
        assertEquals(listOf(27L, "place 27", 13.5), rest.toRows().last())

        val lost = assertThrows<HubstreamException.SessionLost> {
            runBlocking { commit(hub, project, topic, subId, first, rest.metadata().last()) }
        }
        assertEquals("session_lost", lost.details.kind)
    }

    @Test
    fun `every kind of offset is a place where reading goes on`() = runBlocking {
        val hub = DataHub(settings())
        val (project, topic) = tupleTopic(hub, schema, 3)
        put(hub, project, topic)
        val subId = hub.createSubscription(project, topic, "reader").subId
        val opened = hub.initAndGetSubscriptionOffset(project, topic, subId, listOf("0")).offsets.getValue("0")
        val cursor = hub.getCursor(project, topic, "0", CursorType.Oldest).cursor
        val last = hub.getTupleRecords(project, topic, "0", schema, cursor, 4).records.metadata().last()
        commit(hub, project, topic, subId, opened, last)

        val session = hub.initAndGetSubscriptionOffset(project, topic, subId, listOf("0")).offsets.getValue("0")
        val version = hub.getSubscriptionOffset(project, topic, subId, listOf("0")).offsets.getValue("0")
        val place = OffsetBase(last.sequence, last.systemTime)
        assertEquals(place, session.toOffsetBase())
        val ids = listOf(
            hub.getCursorAfter(project, topic, "0", session).cursor.let { hub.getTupleRecords(project, topic, "0", cursor = it, after = session) },
            hub.getCursorAfter(project, topic, "0", version).cursor.let { hub.getTupleRecords(project, topic, "0", cursor = it, after = version) },
            hub.getCursorAfter(project, topic, "0", place).cursor.let { hub.getTupleRecords(project, topic, "0", cursor = it, after = place) },
        ).map { got -> got.records.toRows().map { it[0] } }
        assertEquals(List(3) { List(6) { (it + 4) * 3L } }, ids)

        hub.resetSubscriptionOffset(project, topic, subId, mapOf("0" to version))
        hub.resetSubscriptionOffset(project, topic, subId, mapOf("0" to session))
        hub.resetSubscriptionOffset(project, topic, subId, mapOf("0" to place))
        val reset = hub.getSubscriptionOffset(project, topic, subId, listOf("0")).offsets.getValue("0")
        assertEquals(place to version.version + 3, reset.toOffsetBase() to reset.version)
    }

    private suspend fun commit(
        hub: DataHub,
        project: String,
        topic: String,
        subId: String,
        offset: OffsetWithSession,
        record: RecordMetadata,
    ) {
        val position = OffsetWithSession(record.sequence, record.systemTime, offset.version, offset.sessionId)
        hub.updateSubscriptionOffset(project, topic, subId, mapOf("0" to position))
    }

    @Test
    fun `a stream of DIS gives what was put`() = runBlocking {
        val dis = DisClient(
            mapOf(
                "endpoint" to emulator.disUrl()!!,
                "access_id" to emulator.accessId(),
                "access_key" to emulator.accessKey(),
                "region" to "local",
                "project_id" to "project",
            ),
        )
        dis.createStream("stream", 1)
        val records = RecordBatchBuilder.blobs().use { builder ->
            builder.addBlobs(listOf("a", "b").map { BlobRecord(it.toByteArray(), partitionKey = "key") })
            builder.build()
        }
        val stored = dis.putRecords("stream", records).records
        val cursor = dis.getCursor("stream", stored[0].partitionId!!, DisCursorType.TrimHorizon).partitionCursor
        val got = dis.getRecords(cursor).records.blobs().map { String(it) }
        assertEquals(listOf("a", "b"), got)
        val stats = dis.stats()
        assertEquals(mapOf("PutRecords" to 2L), stats.recordsPut)
        assertEquals(mapOf("GetRecords" to 2L), stats.recordsGot)
    }
}
