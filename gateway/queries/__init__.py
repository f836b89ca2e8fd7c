"""The read path: views by key and by page, as fresh as the request's token asks for."""
