"""The client and its protocols, under the name of the reference."""

from hubstream.datahub import DataHub, DatahubProtocolType

__all__ = ["DataHub", "DatahubProtocolType"]
