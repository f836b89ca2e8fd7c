"""The whole schema, put together."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from gateway.api.schema.events import EventTypes
from gateway.api.schema.filters import Filters
from gateway.api.schema.mutations import Mutations
from gateway.api.schema.queries import QueryFields
from gateway.api.schema.subscriptions import SubscriptionFields
from gateway.api.schema.types import Types
from gateway.api.schema.views import ViewTypes
from gateway.application.model import Model
from gateway.audit.entries import with_audit_trail


def build_schema(model: Model) -> strawberry.Schema:
    """The schema that an application's signatures mean.

    Every event is in it, also one that no command answers any more: the log holds them for ever.
    """
    types = Types(with_audit_trail(model))
    events = EventTypes(types)
    filters = Filters(types)
    views = ViewTypes(types, filters)
    query = QueryFields(types, views).made()
    return strawberry.Schema(
        query=query,
        mutation=Mutations(types, events, views, query).made(),
        subscription=SubscriptionFields(types, events, views, filters).made(),
        types=events.all,
        config=StrawberryConfig(scalar_map=types.scalars),
    )
