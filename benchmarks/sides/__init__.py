"""What is measured: the engine and its peers, each in a process of its own that answers `driver.Contestant`."""
