"""The Pulumi program that runs the engine on AWS."""
