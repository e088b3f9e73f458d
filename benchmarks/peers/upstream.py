"""Another service, which answers everything a while later: `upstream.py PORT SECONDS`."""

import asyncio
import sys

ANSWER = b'{"remote": true}'
HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n"
LENGTH = f"Content-Length: {len(ANSWER)}\r\n\r\n".encode()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await asyncio.sleep(float(sys.argv[2]))
    writer.write(HEAD + LENGTH + ANSWER)
    await writer.drain()
    writer.close()


async def main() -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", int(sys.argv[1]), backlog=1000)
    await server.serve_forever()


asyncio.run(main())
