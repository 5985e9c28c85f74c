import msgspec
import pytest

from sandbox.compute.registry import resolve
from sandbox.images import ImageError, LocalImage, manifest, push
from tests.sandbox.stack import REGION, Stack

PROGRAM = LocalImage(("python", "-m", "engine"), "/srv/app", {"B": "2", "A": "1"})


def _push(stack: Stack, tag: str, image: LocalImage) -> str:
    return push(stack.name, tag, image, endpoint_url=stack.sandbox.aws_endpoint_url, region=REGION)


def test_manifest_is_an_oci_manifest_that_depends_on_content_alone() -> None:
    text = manifest(PROGRAM)
    assert text == manifest(PROGRAM._replace(environment={"A": "1", "B": "2"}))
    assert text != manifest(PROGRAM._replace(working_directory="/elsewhere"))
    document = msgspec.json.decode(text)
    assert document["schemaVersion"] == 2
    assert document["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    assert document["annotations"]["workflow.sandbox/entrypoint"] == '["python","-m","engine"]'


def test_pushed_images_resolve_by_tag_and_by_digest(stack: Stack) -> None:
    digest = _push(stack, "v1", PROGRAM)
    expected = PROGRAM._replace(digest=digest)
    assert resolve(f"{stack.repository}:v1") == expected
    assert resolve(f"{stack.repository}@{digest}") == expected


def test_the_same_image_has_the_same_digest_under_another_tag(stack: Stack) -> None:
    first = _push(stack, "v1", PROGRAM)
    assert _push(stack, "v1", PROGRAM) == first
    assert _push(stack, "v2", PROGRAM) == first
    assert resolve(f"{stack.repository}:v1") == resolve(f"{stack.repository}:v2")


def test_an_immutable_tag_stays(stack: Stack) -> None:
    _push(stack, "v1", PROGRAM)
    with pytest.raises(ImageError, match=f"{stack.name}:v1 is another image already .* use a new tag"):
        _push(stack, "v1", PROGRAM._replace(working_directory="/elsewhere"))


def test_a_missing_repository_is_named(stack: Stack) -> None:
    with pytest.raises(ImageError, match="There is no repository nothing"):
        push("nothing", "v1", PROGRAM, endpoint_url=stack.sandbox.aws_endpoint_url, region=REGION)


def test_what_cannot_be_pulled_says_why(stack: Stack) -> None:
    with pytest.raises(ImageError, match=r"CannotPullContainerError: failed to resolve ref .*:v9: not found"):
        resolve(f"{stack.repository}:v9")
    with pytest.raises(ImageError, match="CannotPullContainerError: nginx:latest isn't in ECR"):
        resolve("nginx:latest")
    with pytest.raises(ImageError, match="repository nothing does not exist"):
        resolve(f"{stack.repository.replace(stack.name, 'nothing')}:v1")


def test_an_image_from_elsewhere_names_no_program(stack: Stack) -> None:
    text = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[]}'
    stack.ecr.put_image(repositoryName=stack.name, imageManifest=text, imageTag="foreign")
    with pytest.raises(ImageError, match="names no local program"):
        resolve(f"{stack.repository}:foreign")
