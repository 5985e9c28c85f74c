"""The engines that this one is measured against: what they need, pinned, and where it is installed."""
