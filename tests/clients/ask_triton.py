# /// script
# requires-python = ">=3.11"
# dependencies = ["tritonclient[http]>=2.50,<3", "numpy>=2,<3"]
# ///
"""Ask by NVIDIA's client of the Open Inference Protocol; prints what it gives back."""

import json
import sys

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException, triton_to_np_dtype

told = json.loads(sys.argv[1])
model, rows = told["model"], told["rows"]
# Given anew each time, as the client adds its own to them.
headers = {"Authorization": f"Bearer {told['token']}"} if told["token"] else {}
client = triton.InferenceServerClient(f"127.0.0.1:{told['port']}")

assert client.is_server_live()
assert client.is_server_ready()
assert client.is_model_ready(model, told["version"], headers={**headers})
assert not client.is_model_ready("none", headers={**headers})
assert client.get_server_metadata(headers={**headers})["extensions"] == ["binary_tensor_data"]
described = client.get_model_metadata(model, headers={**headers})


def inputs(binary):
    for tensor in described["inputs"]:
        cells = [np.nan if row[tensor["name"]] is None else row[tensor["name"]] for row in rows]
        array = np.array(cells, triton_to_np_dtype(tensor["datatype"])).reshape(-1, 1)
        made = triton.InferInput(tensor["name"], array.shape, tensor["datatype"])
        made.set_data_from_numpy(array, binary_data=binary)
        yield made


def plain(result):
    found = {output["name"]: result.as_numpy(output["name"]) for output in described["outputs"]}
    return {
        name: [v.decode() if isinstance(v, bytes) else v for v in array.ravel().tolist()]
        for name, array in found.items()
    }


wanted = [triton.InferRequestedOutput(o["name"], binary_data=False) for o in described["outputs"]]
answers = [client.infer(model, list(inputs(True)), told["version"], headers={**headers})]
if not any(None in row.values() for row in rows):  # which its JSON has no gap for
    answers += [
        client.infer(
            model, list(inputs(False)), outputs=wanted, request_id="7", headers={**headers}
        )
    ]
    assert answers[-1].get_response()["id"] == "7"
answers += [
    client.async_infer(model, list(inputs(True)), outputs=wanted, headers={**headers}).get_result()
]

if all(tensor["datatype"] == "FP64" for tensor in described["inputs"]):
    matrix = np.array([list(row.values()) for row in rows], np.float32)
    whole = triton.InferInput("rows", matrix.shape, "FP32")
    whole.set_data_from_numpy(matrix)
    answers += [client.infer(model, [whole], headers={**headers})]

refused = []
for ask in (
    lambda: client.infer("none", list(inputs(True)), headers={**headers}),
    lambda: client.infer(model, list(inputs(True))[:1], headers={**headers}),
    lambda: client.infer(model, list(inputs(True)), headers={"Authorization": "Bearer none"}),
):
    try:
        ask()
    except InferenceServerException as error:
        refused.append([error.status(), error.message()])

print(json.dumps({"answers": [plain(answer) for answer in answers], "refused": refused}))
