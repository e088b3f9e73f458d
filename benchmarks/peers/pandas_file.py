"""A file of rows in, the same with predictions out: what one would type in a notebook."""

import sys

import onnx_model
import pandas as pd
import sample

source, target = sys.argv[1:]
csv = source.endswith(".csv")
frame = pd.read_csv(source) if csv else pd.read_parquet(source)
frame["prediction"] = onnx_model.run(frame[sample.NAMES].to_numpy())
frame.to_csv(target, index=False) if csv else frame.to_parquet(target)
