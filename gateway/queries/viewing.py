"""Documents of a read model as the views that they hold."""

from gateway.application.model import ReadModel
from gateway.mongo.client import Document
from gateway.mongo.codec import decoder, value_decoder
from gateway.queries.pages import Viewed
from gateway.queries.routes import key_type


class Viewing:
    """Makes the views of one read model."""

    def __init__(self, read_model: ReadModel) -> None:
        self.read_model, self._kind = read_model, read_model.view
        self._key = value_decoder(key_type(read_model))
        self._read = decoder(read_model.view, None if read_model.journal else read_model.key_field)

    def of(self, document: Document, as_of: int | None = None) -> Viewed:
        return Viewed(document, self._key(document["_id"]), self._kind, self._read, as_of)
