"""Subscriptions and their offsets, under the name of the reference."""

from hubstream.datahub.models.types import (
    OffsetBase,
    OffsetWithSession,
    OffsetWithVersion,
    Subscription,
    SubscriptionState,
)

OffsetWithBatchIndex = OffsetWithSession
"""The name that the reference has for offsets with a place in a batch."""

__all__ = [
    "OffsetBase",
    "OffsetWithBatchIndex",
    "OffsetWithSession",
    "OffsetWithVersion",
    "Subscription",
    "SubscriptionState",
]
