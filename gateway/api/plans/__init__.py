"""Compiled plans: an operation as functions that are made for it, once.

A plan calls the resolvers that the schema was derived with, and does without everything around them: what is
selected is known when it is made, so objects are written by generated functions. What it meets and does not
expect, be it a null or an exception, is told by graphql-core's executor, of the very same value.
"""

from gateway.api.plans.keeping import Asked, Plans
from gateway.api.plans.running import Running

__all__ = ["Asked", "Plans", "Running"]
