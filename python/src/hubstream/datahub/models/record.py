"""Records, under the name of the reference."""

from hubstream.records import BlobRecord, Record, RecordBatch, TupleRecord

__all__ = ["BlobRecord", "Record", "RecordBatch", "TupleRecord"]
