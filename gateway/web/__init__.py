"""The API over HTTP and WebSocket, its health, and the server that carries them."""
