"""The engine's HTTP interfaces: the Step Functions protocol, REST v1, and the management port."""
