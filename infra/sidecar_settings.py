"""Containers beside the engine's, as a frozen model: each is there once its image is named."""

import msgspec
from msgspec import field

from infra import values


class SidecarSettings(msgspec.Struct, frozen=True, rename="camel"):
    """A log router (FireLens) with the OpenSearch domain that it sends to, and a collector of metrics."""

    log_router_image: values.SidecarImage
    search_domain_arn: values.SearchDomainArn = field(name="openSearchDomainArn")
    search_host: values.DomainName = field(name="openSearchHost")
    search_index: values.SearchIndex = field(name="openSearchIndex")
    metrics_collector_image: values.SidecarImage

    @property
    def images(self) -> tuple[str, ...]:
        """The images that are asked for."""
        return tuple(filter(None, (self.log_router_image, self.metrics_collector_image)))
