"""Documents of a read model as the views that they hold."""

from gateway.application.model import ReadModel
from gateway.application.types import plain
from gateway.mongo.client import Document
from gateway.mongo.codec import decoder, value_decoder
from gateway.mongo.raw import decoded
from gateway.queries.fields import Fields
from gateway.queries.layouts import layout, shows
from gateway.queries.routes import key_type
from gateway.queries.viewed import Viewed, ViewType


class Viewing:
    """Makes the views of one read model."""

    def __init__(self, read_model: ReadModel) -> None:
        self.read_model = read_model
        self._laid = (read_model.view, read_model.key_field, read_model.journal)
        key = key_type(read_model)
        self._type = ViewType(
            kind=read_model.view,
            plain=plain(key) in (str, int),
            key=value_decoder(key),
            read=decoder(read_model.view, None if read_model.journal else read_model.key_field),
            show=shows(*self._laid),
            decode=decoded,
        )

    def of(self, document: Document, as_of: int | None = None) -> Viewed:
        """The view of a document."""
        return Viewed.of(self._type, document, as_of)

    def stored(self, raws: list[bytes], fields: Fields) -> list[Viewed]:
        """The views of documents as MongoDB sent them, read with these fields."""
        type_, taken = self._type, layout(*self._laid, fields)
        if taken is None:
            return [self.of(decoded(each)) for each in raws]
        return [
            self.of(decoded(each)) if (shown := taken(each)) is None else Viewed(type_, each, shown)
            for each in raws
        ]
