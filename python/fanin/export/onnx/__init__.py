"""Models in ONNX, the format of ONNX Runtime and many other programs."""
