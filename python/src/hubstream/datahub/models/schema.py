"""The columns of tuple records, under the name of the reference."""

from hubstream.record_schema import Field, FieldType, RecordSchema

__all__ = ["Field", "FieldType", "RecordSchema"]
