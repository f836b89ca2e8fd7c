"""The playground: GraphiQL for a browser that opens the API's address. No file of it comes from another host."""

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER: Final = Path(__file__).parent / "static" / "playground"

_CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # the editor writes its colours into the page
        "font-src 'self' data:",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS: Final = {
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
# The address answers API clients, too: a cache must keep the two apart.
_PAGE_HEADERS: Final = _HEADERS | {"Cache-Control": "no-cache", "Vary": "Accept"}
_FOR_EVER: Final = "public, max-age=31536000, immutable"

_NOT_BUILT: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tidegate</title>
<style>
  :root { color-scheme: light dark; font: 1.05rem/1.6 system-ui, sans-serif }
  main { max-width: 38rem; margin: 15vh auto; padding: 0 1.5rem }
</style>
</head>
<body>
<main>
<h1>Tidegate</h1>
<p>The playground is not built here: run <code>make playground</code> in the project's folder, and reload
this page.</p>
<p>The API works without it: send GraphQL to this address in a POST request.</p>
</main>
</body>
</html>
"""


async def playground_page(_request: Request) -> Response:
    """What a browser gets at the API's address: the playground, or a plain page that says how to build it."""
    page = FOLDER / "index.html"
    if page.exists():
        return FileResponse(page, headers=_PAGE_HEADERS)
    return HTMLResponse(_NOT_BUILT, headers=_PAGE_HEADERS)


def routes() -> list[BaseRoute]:
    """Where the page finds its files, under /playground/. Before they are built, each is a 404."""
    return [Mount("/playground", app=_Files(directory=FOLDER, check_dir=False))]


class _Files(StaticFiles):
    """The built files. Those in `assets` have a hash of their content in their names: they never change."""

    async def check_config(self) -> None:
        """Nothing: a playground that is not built is no mistake."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_HEADERS)
        response.headers["Cache-Control"] = _FOR_EVER if Path(path).parent.name == "assets" else "no-cache"
        return response
