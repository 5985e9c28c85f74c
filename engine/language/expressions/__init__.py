"""What a definition computes with: paths, intrinsic functions, payload templates, choice rules."""
