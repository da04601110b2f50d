"""Connectors: types, states and settings, under the name of the reference."""

from hubstream.datahub.models.types import (
    AuthMode,
    ConnectorConfig,
    ConnectorOffset,
    ConnectorShardState,
    ConnectorState,
    ConnectorType,
    DatabaseConnectorConfig,
    DataHubConnectorConfig,
    EsConnectorConfig,
    FcConnectorConfig,
    HologresConnectorConfig,
    OdpsConnectorConfig,
    OssConnectorConfig,
    OtsConnectorConfig,
    PartitionMode,
    ShardStatusEntry,
    TimestampUnit,
    WriteMode,
)

ConnectorShardStatus = ConnectorShardState
"""The name that the reference has for `ConnectorShardState`."""

__all__ = [
    "AuthMode",
    "ConnectorConfig",
    "ConnectorOffset",
    "ConnectorShardState",
    "ConnectorShardStatus",
    "ConnectorState",
    "ConnectorType",
    "DataHubConnectorConfig",
    "DatabaseConnectorConfig",
    "EsConnectorConfig",
    "FcConnectorConfig",
    "HologresConnectorConfig",
    "OdpsConnectorConfig",
    "OssConnectorConfig",
    "OtsConnectorConfig",
    "PartitionMode",
    "ShardStatusEntry",
    "TimestampUnit",
    "WriteMode",
]
