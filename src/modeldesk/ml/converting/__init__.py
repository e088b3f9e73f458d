"""From a trained model to one that serves, and the proof that both answer alike."""
