"""Alibaba Cloud DataHub as coroutines."""

from __future__ import annotations

from hubstream._convert import is_arrow
from hubstream.datahub._aio_client import DataHubBase
from hubstream.datahub._settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubstream._arrow import ArrowData
    from hubstream._native import ArrowReader
    from hubstream.datahub import models
    from hubstream.records import Record, RecordBatch

__all__ = ["DataHub"]


class DataHub(Settings, DataHubBase):
    """A client of Alibaba Cloud DataHub, as coroutines.

    Example:
        >>> async with DataHub("id", "key", "https://dh-cn-hangzhou.aliyuncs.com") as hub:
        ...     (await hub.list_project()).project_names  # doctest: +SKIP
    """

    __slots__ = ()

    async def _reader(self, project_name: str, topic_name: str, data: ArrowData) -> ArrowReader:
        from hubstream._arrow import reader_of

        topic = await self.get_topic(project_name, topic_name)
        return reader_of(topic.record_schema, data)

    async def put_records(
        self,
        project_name: str,
        topic_name: str,
        record_list: RecordBatch | Sequence[Record] | ArrowData,
    ) -> models.PutRecordsResult:
        """Puts records into a topic.

        Each record goes to the shard that it names, else to the shard of its hash key, else to the
        shard of its partition key, else to a shard that the service chooses. The call succeeds even
        when single records fail: look at `failed_records`. It is not sent again after the service
        may have accepted it, unless the client was told `at_least_once`.

        Arrow data is mapped to the columns of the topic, which the service is asked for; see
        `RecordBatch.from_arrow`. It is read batch by batch and put in as many requests as its size
        needs, one after the other. If one fails, a note of the exception says how many records
        were put before.

        Args:
            project_name: Name of the project.
            topic_name: Name of the topic.
            record_list: The records, 1 to 10000; or Arrow data of any size: a table, a data frame,
                a relation, a stream.

        Returns:
            What became of the records of a put.

        Raises:
            InvalidArgumentError: If an argument is refused.
            HubstreamError: If the call fails in another way.
        """
        if not is_arrow(record_list):
            return await super().put_records(project_name, topic_name, record_list)
        from asyncio import to_thread

        from hubstream._arrow import PutTotal, add_progress

        reader = await self._reader(project_name, topic_name, record_list)
        total = PutTotal()
        try:
            while (records := await to_thread(reader.read)) is not None:
                result = await super().put_records(project_name, topic_name, records)
                total.add(len(records), result)
        except BaseException as error:
            add_progress(error, total.records)
            raise
        return total.result()

    async def put_records_by_shard(
        self,
        project_name: str,
        topic_name: str,
        shard_id: str,
        record_list: RecordBatch | Sequence[Record] | ArrowData,
    ) -> None:
        """Puts records into one shard: all of them, or none.

        The routing keys of the records are not used. It is not sent again after the service may
        have accepted it, unless the client was told `at_least_once`.

        Arrow data is taken as by `put_records`. Of more than one request each is stored as a whole
        or not at all.

        Args:
            project_name: Name of the project.
            topic_name: Name of the topic.
            shard_id: Id of the shard.
            record_list: The records, 1 to 10000; or Arrow data of any size: a table, a data frame,
                a relation, a stream.

        Raises:
            InvalidArgumentError: If an argument is refused.
            HubstreamError: If the call fails in another way.
        """
        if not is_arrow(record_list):
            return await super().put_records_by_shard(
                project_name, topic_name, shard_id, record_list
            )
        from asyncio import to_thread

        from hubstream._arrow import add_progress

        reader = await self._reader(project_name, topic_name, record_list)
        done = 0
        try:
            while (records := await to_thread(reader.read)) is not None:
                await super().put_records_by_shard(project_name, topic_name, shard_id, records)
                done += len(records)
        except BaseException as error:
            add_progress(error, done)
            raise
        return None
