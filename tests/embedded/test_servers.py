"""The servers that tests run against are real, fresh and unreachable from outside."""

from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import create_engine, text
from temporalio import workflow
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.worker import Worker

from tests.servers import dev_server, postgres, time_skipping


@workflow.defn(sandboxed=False)
class LongNap:
    """Sleeps for more than a year."""

    @workflow.run
    async def run(self) -> float:
        began = workflow.now()
        await workflow.sleep(timedelta(days=400))
        return (workflow.now() - began).total_seconds()


@pytest.mark.time_skipping
async def test_four_hundred_days_pass_on_the_time_skipping_server() -> None:
    async with (
        time_skipping({"MilepostKind": "Keyword", "MilepostWords": "KeywordList"}) as environment,
        Worker(environment.client, task_queue="naps", workflows=[LongNap]),
    ):
        slept = await environment.client.execute_workflow(LongNap.run, id="n", task_queue="naps")
        assert slept >= timedelta(days=400).total_seconds()


@pytest.mark.dev_server
async def test_a_dev_server_has_the_search_attributes_when_it_is_handed_over() -> None:
    with dev_server({"MilepostKind": "Keyword"}) as address:
        client = await Client.connect(address)
        listed = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace="default")
        )
        assert "MilepostKind" in listed.custom_attributes


@pytest.mark.postgres
def test_each_postgres_database_is_new_and_gone_afterwards() -> None:
    with postgres() as first, postgres() as second:
        assert first != second
        engine = create_engine(first)
        with engine.begin() as connection:
            connection.execute(text("create table kept (id int)"))
        other = create_engine(second)
        with other.connect() as connection:
            tables = connection.execute(
                text("select count(*) from pg_tables where schemaname = 'public'")
            )
            assert tables.scalar() == 0
        engine.dispose()
        other.dispose()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(first.replace("+psycopg", ""))


@pytest.mark.postgres
def test_postgres_listens_on_its_unix_socket_alone() -> None:
    with postgres() as url:
        engine = create_engine(url)
        with engine.connect() as connection:
            assert connection.execute(text("show listen_addresses")).scalar() == ""
            assert str(connection.execute(text("show server_version")).scalar()) >= "18"
        engine.dispose()
