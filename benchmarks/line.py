"""A line between a browser and a server that counts what comes down it, as it is sent."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from types import TracebackType

_CHUNK = 65_536


class Line:
    """Passes TCP connections on to another port of this machine while it is open."""

    def __init__(self, port: int, to_port: int) -> None:
        """Listen on `port`."""
        self.address = f"http://127.0.0.1:{port}"
        self.bytes_down = 0
        self._port, self._to_port = port, to_port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Line:
        """Open the line."""
        self._thread.start()
        opened = asyncio.start_server(self._connected, "127.0.0.1", self._port)
        self._server = asyncio.run_coroutine_threadsafe(opened, self._loop).result(timeout=10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the line and every connection on it."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connected(self, near: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):  # when the line is closed
            far, far_out = await asyncio.open_connection("127.0.0.1", self._to_port)
            await asyncio.gather(self._way(near, far_out, is_down=False), self._way(far, near_out, is_down=True))

    async def _way(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, is_down: bool) -> None:
        with contextlib.suppress(OSError):  # one side went away
            while content := await source.read(_CHUNK):
                if is_down:
                    self.bytes_down += len(content)
                target.write(content)
                await target.drain()
        target.close()
