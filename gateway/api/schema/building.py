"""The whole schema, put together."""

from dataclasses import replace

import strawberry
from strawberry.schema.config import StrawberryConfig

from gateway.api.schema.events import EventTypes
from gateway.api.schema.filters import Filters
from gateway.api.schema.history import HistoryField
from gateway.api.schema.mutations import Mutations
from gateway.api.schema.queries import QueryFields
from gateway.api.schema.subscriptions import SubscriptionFields
from gateway.api.schema.types import Types
from gateway.api.schema.views import ViewTypes
from gateway.application.model import Model
from gateway.audit.entries import with_audit_trail
from gateway.history import NAME


def build_schema(model: Model) -> strawberry.Schema:
    """The schema that an application's signatures mean.

    Every event is in it, also one that no command answers any more: the log holds them for ever.
    """
    views_of = tuple(each for each in model.read_models if each.name != NAME)
    types = Types(with_audit_trail(replace(model, read_models=views_of)))
    events = EventTypes(types)
    filters = Filters(types)
    views = ViewTypes(types, filters)
    history = {"events": HistoryField(types, events, views).made()} if model.history else {}
    query = QueryFields(types, views).made(history)
    return _Schema(
        query=query,
        mutation=Mutations(types, events, views, query).made(),
        subscription=SubscriptionFields(types, events, views, filters).made(),
        types=events.all,
        config=StrawberryConfig(scalar_map=types.scalars),
    )


class _Schema(strawberry.Schema):
    def _warn_for_federation_directives(self) -> None:
        """There are none, and to look for them all that federation has would be imported."""
