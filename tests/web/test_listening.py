"""Sockets that one port is kept for: others get another one, whether or not somebody listens there yet."""

import sys
from contextlib import closing

import pytest

from gateway.web.listening import listen, listen_together, reserve

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="workers are not offered on Windows")

HOST = "127.0.0.1"


def test_a_port_that_is_kept_is_taken_for_all_others_before_anybody_listens() -> None:
    with closing(reserve(HOST, 0)) as kept:
        port = kept.getsockname()[1]
        for other in (listen, reserve):
            with closing(other(HOST, port)) as found:
                assert found.getsockname()[1] > port


def test_those_that_it_is_kept_for_listen_there_together() -> None:
    with closing(reserve(HOST, 0)) as kept:
        port = kept.getsockname()[1]
        with closing(listen_together(HOST, port)) as one, closing(listen_together(HOST, port)) as other:
            assert {one.getsockname()[1], other.getsockname()[1]} == {port}
            with closing(listen(HOST, port)) as found:
                assert found.getsockname()[1] > port
