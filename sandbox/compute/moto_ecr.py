"""What moto 5.2.5 gets wrong in ECR's PutImage: a missing repository is an internal error there."""

from collections.abc import Callable
from functools import wraps

from moto.ecr.exceptions import RepositoryNotFoundException
from moto.ecr.models import ECRBackend, Image


def apply() -> None:
    """Mend moto; a second call changes nothing."""
    if not hasattr(ECRBackend.put_image, "__wrapped__"):
        setattr(ECRBackend, "put_image", _checked(ECRBackend.put_image))  # noqa: B010  # mypy refuses a method


def _checked(put_image: Callable[..., Image]) -> Callable[..., Image]:
    @wraps(put_image)
    def put(self: ECRBackend, repository_name: str, *arguments: object, **options: object) -> Image:
        if repository_name not in self.repositories:
            raise RepositoryNotFoundException(repository_name, self.account_id)
        return put_image(self, repository_name, *arguments, **options)

    return put
