# /// script
# requires-python = ">=3.11"
# dependencies = ["kserve>=0.15,<1"]
# ///
"""Ask by KServe's client, in both of its protocols; prints what it gives back."""

import asyncio
import json
import sys

import httpx
import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

told = json.loads(sys.argv[1])
model, rows, address = told["model"], told["rows"], f"http://127.0.0.1:{told['port']}"
headers = {"Authorization": f"Bearer {told['token']}"} if told["token"] else {}


def request(described, binary):
    tensors = []
    for tensor in described["inputs"]:
        cells = [row[tensor["name"]] for row in rows]
        made = InferInput(tensor["name"], [len(rows)], tensor["datatype"])
        kind = {"BYTES": object, "FP64": float, "INT64": "int64", "BOOL": bool}[tensor["datatype"]]
        made.set_data_from_numpy(np.array(cells, kind), binary_data=binary)
        tensors.append(made)
    return InferRequest(model, tensors)


async def main():
    first = InferenceRESTClient(RESTConfig(protocol="v1"))
    second = InferenceRESTClient(RESTConfig(protocol="v2"))
    assert await first.is_model_ready(address, model, headers=headers)
    assert await second.is_server_live(address)
    assert await second.is_server_ready(address)
    assert await second.is_model_ready(address, model, headers=headers)
    assert not await second.is_model_ready(address, "none", headers=headers)
    v1 = await first.infer(address, {"instances": rows}, model, headers={**headers})
    described = httpx.get(f"{address}/v2/models/{model}", headers=headers).json()
    v2 = []
    for binary in (False, True):
        asked = request(described, binary)
        given = await second.infer(address, asked, model, headers={**headers})
        assert given.model_name == model
        assert given.id  # made up by the client
        v2.append({output.name: list(output.data) for output in given.outputs})
    refused = []
    for client, content in ((first, {"instances": [{}]}), (second, {"inputs": []})):
        try:
            await client.infer(address, content, model, headers={**headers})
        except httpx.HTTPStatusError as error:
            refused.append([error.response.status_code, error.response.json()["error"]])
    print(json.dumps({"v1": v1, "v2": v2, "refused": refused}))


asyncio.run(main())
