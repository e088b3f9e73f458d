"""Your model. `train.py` is run by `manage train`; parts of models of your own go beside it."""

from modeldesk.ml import Artifact, ArtifactError, SignatureError, publish, with_feedback

__all__ = ["Artifact", "ArtifactError", "SignatureError", "publish", "with_feedback"]
