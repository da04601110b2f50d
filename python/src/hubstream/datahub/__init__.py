"""Alibaba Cloud DataHub."""

from __future__ import annotations

from hubstream._convert import is_arrow
from hubstream.datahub import _settings
from hubstream.datahub._client import DataHubBase
from hubstream.datahub._travel import CompressFormat, DatahubProtocolType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta
    from typing import Any, Self

    from hubstream._arrow import ArrowData
    from hubstream._native import ArrowReader
    from hubstream.credentials import CredentialSource
    from hubstream.datahub import models
    from hubstream.records import Record, RecordBatch

__all__ = ["DataHub", "DatahubProtocolType"]


class DataHub(DataHubBase):
    """A client of Alibaba Cloud DataHub.

    Args:
        access_id: Access id (access key id).
        access_key: Access key (access key secret).
        endpoint: URL of the service: scheme, host, optional port and path.
        enable_pb: Whether records travel as protobuf, else as JSON. Newer releases of the reference
            have `compress_format` and `credential` in this place and the next; that works, too.
        compress_format: Compression of records on the way.
        security_token: Token of temporary credentials.
        credential: Gives the credentials of each request, in place of id and key: a callable that
            returns (id, key), (id, key, token) or (id, key, token, expires_at), or an object with
            the method get_credential.
        protocol: How records travel: `protobuf`, `json` or `batch`; counts more than `enable_pb`.
        protocol_type: The same as a member of `DatahubProtocolType`.
        batch_version: Layout of batches that are written: 1 (Avro) or 0 (rows). Default: 1.
        region: Region, for signatures that carry one.
        signature: How requests are signed: `default`, or `v4` with a region.
        at_least_once: Whether puts are repeated even when the service may have accepted them;
            duplicates are then possible. Default: false.
        connect_timeout: Time limit for making a connection, in seconds. Default: 5.
        attempt_timeout: Time limit for one attempt, in seconds. Default: 30.
        total_timeout: Time limit for a call with all its attempts, in seconds. Default: 120.
        max_attempts: Attempts per call, the first included. Default: 4.
        proxy: URL of an HTTP or SOCKS proxy. Without it HTTP_PROXY, HTTPS_PROXY and NO_PROXY are
            obeyed.
        ca_file: File of further trusted certificates in PEM form.
        user_agent: Product name put before the library's own in User-Agent.
        max_idle_connections: Connections kept open while idle. Default: 64.
        proxies: Proxies by scheme, as in `{"https": "http://127.0.0.1:3128"}`.
        retry_times: Attempts per call after the first; another way to say `max_attempts`.
        conn_timeout: Another name of `connect_timeout`.
        read_timeout: Another name of `attempt_timeout`.
        pool_maxsize: Another name of `max_idle_connections`.
        pool_connections: Has no effect: there is one pool for all hosts.
        stream: Has no effect: replies are always read whole.
        enable_schema_register: Has no effect: whether a topic has several versions of its schema is
            asked of the service.

    Raises:
        InvalidParameterException: If a setting is refused.

    Example:
        >>> hub = DataHub("id", "key", "https://dh-cn-hangzhou.aliyuncs.com")
        >>> hub.list_project().project_names  # doctest: +SKIP
    """

    __slots__ = ()

    def __init__(
        self,
        access_id: str | None = None,
        access_key: str | None = None,
        endpoint: str | None = None,
        enable_pb: bool | CompressFormat = True,
        compress_format: CompressFormat | str | CredentialSource = CompressFormat.LZ4,
        *,
        security_token: str | None = None,
        credential: CredentialSource | None = None,
        protocol: str | None = None,
        protocol_type: DatahubProtocolType | None = None,
        batch_version: int | None = None,
        region: str | None = None,
        signature: str | None = None,
        at_least_once: bool | None = None,
        connect_timeout: float | timedelta | None = None,
        attempt_timeout: float | timedelta | None = None,
        total_timeout: float | timedelta | None = None,
        max_attempts: int | None = None,
        proxy: str | None = None,
        ca_file: str | None = None,
        user_agent: str | None = None,
        max_idle_connections: int | None = None,
        proxies: Mapping[str, str] | None = None,
        retry_times: int | None = None,
        conn_timeout: float | timedelta | None = None,
        read_timeout: float | timedelta | None = None,
        pool_maxsize: int | None = None,
        pool_connections: int | None = None,  # noqa: ARG002
        stream: bool | None = None,  # noqa: ARG002
        enable_schema_register: bool | None = None,  # noqa: ARG002
    ) -> None:
        super().__init__(
            endpoint=endpoint,
            access_id=access_id,
            access_key=access_key,
            security_token=security_token,
            region=region,
            signature=signature,
            protocol=_settings.protocol_of(protocol, protocol_type, enable_pb),
            batch_version=batch_version,
            compress_format=_settings.format_of(enable_pb, compress_format),
            at_least_once=at_least_once,
            connect_timeout=_settings.either(connect_timeout, conn_timeout),
            attempt_timeout=_settings.either(attempt_timeout, read_timeout),
            total_timeout=total_timeout,
            max_attempts=_settings.attempts(max_attempts, retry_times),
            proxy=proxy or _settings.proxy_of(proxies, endpoint),
            ca_file=ca_file,
            user_agent=user_agent,
            max_idle_connections=(
                pool_maxsize if max_idle_connections is None else max_idle_connections
            ),
            credential=_settings.credential_of(enable_pb, compress_format, credential),
        )

    @classmethod
    def from_access(
        cls,
        access_id: str,
        access_key: str,
        endpoint: str,
        compress_format: CompressFormat | str = CompressFormat.LZ4,
        **settings: Any,
    ) -> Self:
        """Makes a client with an access id and key.

        Args:
            access_id: Access id (access key id).
            access_key: Access key (access key secret).
            endpoint: URL of the service.
            compress_format: Compression of records on the way.
            settings: Further arguments of the class.

        Raises:
            InvalidParameterException: If a setting is refused.
        """
        return cls(access_id, access_key, endpoint, compress_format=compress_format, **settings)

    @classmethod
    def from_credential(
        cls,
        credential: CredentialSource,
        endpoint: str,
        compress_format: CompressFormat | str = CompressFormat.LZ4,
        **settings: Any,
    ) -> Self:
        """Makes a client that asks for the credentials of its requests.

        Args:
            credential: Gives the credentials of each request.
            endpoint: URL of the service.
            compress_format: Compression of records on the way.
            settings: Further arguments of the class.

        Raises:
            InvalidParameterException: If a setting is refused.
        """
        return cls(
            endpoint=endpoint,
            compress_format=compress_format,
            credential=credential,
            **settings,
        )

    def _reader(self, project_name: str, topic_name: str, data: ArrowData) -> ArrowReader:
        from hubstream._arrow import reader_of

        topic = self.get_topic(project_name, topic_name)
        return reader_of(topic.record_schema, data)

    def put_records(
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
            return super().put_records(project_name, topic_name, record_list)
        from hubstream._arrow import PutTotal, add_progress

        reader = self._reader(project_name, topic_name, record_list)
        total = PutTotal()
        try:
            while (records := reader.read()) is not None:
                result = super().put_records(project_name, topic_name, records)
                total.add(len(records), result)
        except BaseException as error:
            add_progress(error, total.records)
            raise
        return total.result()

    def put_records_by_shard(
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
            return super().put_records_by_shard(project_name, topic_name, shard_id, record_list)
        from hubstream._arrow import add_progress

        reader = self._reader(project_name, topic_name, record_list)
        done = 0
        try:
            while (records := reader.read()) is not None:
                super().put_records_by_shard(project_name, topic_name, shard_id, records)
                done += len(records)
        except BaseException as error:
            add_progress(error, done)
            raise
        return None
