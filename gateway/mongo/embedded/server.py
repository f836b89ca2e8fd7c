"""The embedded replica set: its members, its configuration, the wait for a primary."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pymongo.errors import AutoReconnect, OperationFailure, PyMongoError

from gateway.mongo.embedded.binary import NEW_MEMBER_BYTES, OLD_MEMBER_BYTES, check_room, find_mongod
from gateway.mongo.embedded.failures import too_slow
from gateway.mongo.embedded.lock import DirectoryLock
from gateway.mongo.embedded.member import HOST, POLL_SECONDS, Client, Member, connected

REPLICA_SET = "tidegate"
SECONDS_TO_SETTLE = 60.0
PRIMARY, SECONDARY = 1, 2
QUICK_ELECTIONS = {"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 300}

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class EmbeddedOptions:
    """How an embedded server is run."""

    members: int = 1
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    "Further server parameters, as for `mongod --setParameter`."
    cache_gigabytes: float = 0.25
    "Of memory for data; little, for this runs beside everything else that is under way on somebody's machine."
    oplog_megabytes: int = 1024
    checkpoint_seconds: int = 60
    "Between two of its checkpoints; the oplog is cut behind them."
    throwaway: bool = False
    "For tests: quick elections, test commands (fail points) are on, and the end is a kill."


class EmbeddedServer:
    """A running replica set, of which each member can be killed and restarted."""

    def __init__(self, members: tuple[Member, ...], options: EmbeddedOptions, lock: DirectoryLock) -> None:
        self.members = members
        self._options = options
        self._lock = lock

    @property
    def uri(self) -> str:
        """Leads to the replica set, wherever its primary is."""
        hosts = ",".join(member.host for member in self.members)
        return f"mongodb://{hosts}/?replicaSet={REPLICA_SET}"

    async def start(self) -> None:
        """Returns when there is a primary that can be written and all others follow it."""
        starts = (member.start() for member in self.members)
        for failure in filter(None, await asyncio.gather(*starts, return_exceptions=True)):
            raise failure  # only now: each member has either started or ended
        await self._configure()
        await self.settled()
        self._lock.announce(self.uri)

    async def stop(self) -> None:
        """Ends every member, then gives the data directory back."""
        try:
            await asyncio.gather(*(self._end(member) for member in self.members))
        finally:
            self._lock.close()

    async def kill(self, index: int) -> None:
        """Ends a member as a crash would (SIGKILL)."""
        await self.members[index].kill()

    async def restart(self, index: int) -> None:
        """Starts a killed member on its data; returns when it answers, which is before it has caught up."""
        await self.members[index].start()

    async def primary(self) -> int:
        """The index of the member that is the writable primary now; waits up to 60 s for one."""
        return await self._eventually(self._writable)

    async def settled(self) -> None:
        """Returns when there is a writable primary and every other member follows it; waits up to 60 s."""
        async with connected(self.members[await self.primary()]) as client:
            await self._eventually(lambda: self._complete(client))

    async def _configure(self) -> None:
        """Initiates a new set; tells an old one when a member had to take another port."""
        async with connected(self.members[0]) as client:
            stored = await client.local.get_collection("system.replset").find_one()
            if stored is None:
                await client.admin.command("replSetInitiate", self._first_config())
            elif [entry["host"] for entry in stored["members"]] != self._hosts():
                await self._eventually(lambda: self._move(client))

    async def _move(self, client: Client) -> bool:
        """False while the member still looks for itself at its old address, or drops its connections."""
        try:
            config = (await client.admin.command("replSetGetConfig"))["config"]
            await client.admin.command("replSetReconfig", self._moved(config), force=True)
        except (AutoReconnect, OperationFailure):
            return False
        return True

    async def _writable(self) -> int | None:
        for index, member in enumerate(self.members):
            if member.pid and await _is_primary(member):
                return index
        return None

    async def _complete(self, client: Client) -> bool:
        status = await client.admin.command("replSetGetStatus")
        states = sorted(entry["state"] for entry in status["members"])
        return states == [PRIMARY, *[SECONDARY] * (len(self.members) - 1)]

    async def _eventually(self, ask: Callable[[], Awaitable[Answer | None]]) -> Answer:
        """The first answer that is neither None nor False; EmbeddedUnavailable after 60 s."""
        deadline = time.monotonic() + SECONDS_TO_SETTLE
        while (answer := await ask()) is None or answer is False:
            if time.monotonic() > deadline:
                raise too_slow(SECONDS_TO_SETTLE, self.members[0].folder / "mongod.log")
            await asyncio.sleep(POLL_SECONDS)
        return answer

    def _first_config(self) -> dict[str, Any]:
        members = [{"_id": index, "host": host} for index, host in enumerate(self._hosts())]
        settings = QUICK_ELECTIONS if self._options.throwaway else {}
        return {"_id": REPLICA_SET, "members": members, "settings": settings}

    def _moved(self, config: dict[str, Any]) -> dict[str, Any]:
        for entry, host in zip(config["members"], self._hosts(), strict=True):
            entry["host"] = host
        return config | {"version": config["version"] + 1}

    def _hosts(self) -> list[str]:
        return [member.host for member in self.members]

    async def _end(self, member: Member) -> None:
        await (member.kill() if self._options.throwaway else member.stop())


async def open_embedded(data_dir: Path, options: EmbeddedOptions | None = None) -> EmbeddedServer:
    """Starts a server on `data_dir`; the caller stops it. Raises EmbeddedUnavailable."""
    chosen = options or EmbeddedOptions()
    program = await asyncio.to_thread(find_mongod)
    server = await asyncio.to_thread(_prepared, data_dir, program, chosen)
    try:
        await server.start()
    except BaseException:
        await server.stop()
        raise
    return server


@asynccontextmanager
async def embedded(data_dir: Path, options: EmbeddedOptions | None = None) -> AsyncGenerator[EmbeddedServer]:
    """A server on `data_dir` for the length of the block. Raises EmbeddedUnavailable."""
    server = await open_embedded(data_dir, options)
    try:
        yield server
    finally:
        await server.stop()


@contextmanager
def embedded_blocking(data_dir: Path, options: EmbeddedOptions | None = None) -> Generator[EmbeddedServer]:
    """`embedded` for code that runs no event loop."""
    server = asyncio.run(open_embedded(data_dir, options))
    try:
        yield server
    finally:
        asyncio.run(server.stop())


def _prepared(data_dir: Path, program: Path, options: EmbeddedOptions) -> EmbeddedServer:
    lock = DirectoryLock(data_dir.resolve())
    try:
        folders = [lock.folder / f"mongod-{index}" for index in range(options.members)]
        check_room(data_dir, sum(OLD_MEMBER_BYTES if f.exists() else NEW_MEMBER_BYTES for f in folders))
    except BaseException:
        lock.close()
        raise
    command = _command(program, options)
    return EmbeddedServer(tuple(Member(f, command, lock.descriptor) for f in folders), options, lock)


def _command(program: Path, options: EmbeddedOptions) -> tuple[str, ...]:
    test_commands = {"enableTestCommands": "1"} if options.throwaway else {}
    parameters = {"diagnosticDataCollectionEnabled": "false", **test_commands, **options.parameters}
    settings = [word for name, value in parameters.items() for word in ("--setParameter", f"{name}={value}")]
    sizes = ["--wiredTigerCacheSizeGB", str(options.cache_gigabytes), "--oplogSize", str(options.oplog_megabytes)]
    checkpoints = ["--syncdelay", str(options.checkpoint_seconds)]
    seclusion = ["--bind_ip", HOST, "--noscripting"] + (["--nounixsocket"] if sys.platform != "win32" else [])
    return (str(program), "--replSet", REPLICA_SET, *seclusion, *sizes, *checkpoints, *settings)


async def _is_primary(member: Member) -> bool:
    try:
        async with connected(member) as client:
            return bool((await client.admin.command("hello"))["isWritablePrimary"])
    except PyMongoError:
        return False
