# /// script
# requires-python = ">=3.11"
# dependencies = ["mlflow-skinny>=3,<4", "pandas>=2,<4", "scipy>=1.13,<2"]
# ///
"""Ask by MLflow's client of a scoring server, which sends no token; prints what it gives back."""

import json
import sys

import pandas as pd
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

told = json.loads(sys.argv[1])
client = ScoringServerClient("127.0.0.1", told["port"])
client.ping()
client.wait_server_ready(timeout=10)

frame = pd.DataFrame(told["rows"])
given = [
    client.invoke(frame),  # as dataframe_split
    client.invoke(told["rows"]),  # as inputs
    client.invoke(json.dumps({"dataframe_records": told["rows"]})),
    client.invoke(json.dumps({"inputs": frame.to_dict("list")})),
]
if not frame.select_dtypes(exclude="number").columns.size:
    given += [client.invoke(frame.to_numpy())]
refused = []
for data, params in ((frame.iloc[:, 1:], None), (frame, {"top_k": 3})):
    try:
        client.invoke(data, params)
    except Exception as error:
        refused.append(str(error))
answers = [answer.get_predictions("ndarray").tolist() for answer in given]
print(json.dumps({"answers": answers, "ids": given[0]["ids"], "refused": refused}))
