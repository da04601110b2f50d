"""The client and its protocols, under the name of the reference."""

from hubstream.datahub import DataHub
from hubstream.datahub._travel import DatahubProtocolType

__all__ = ["DataHub", "DatahubProtocolType"]
