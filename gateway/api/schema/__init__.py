"""The GraphQL schema that follows from an application's signatures."""

from gateway.api.schema.building import build_schema

__all__ = ["build_schema"]
