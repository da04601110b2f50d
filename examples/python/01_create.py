"""Creates a project, a tuple topic of 3 shards with the columns of the data set, and a subscription."""

from dataset import DataSet
from journey import SHARDS, TOPIC, connect, project_of, save

data = DataSet()
project = project_of("python")
with connect() as hub:
    hub.create_project(project, "hubstream demo, Python")
    hub.create_tuple_topic(project, TOPIC, SHARDS, 1, data.schema, "flights out of New York in a blizzard")
    hub.wait_shards_ready(project, TOPIC)
    sub_id = hub.create_subscription(project, TOPIC, "demo").sub_id
save("created", {"sub_id": sub_id})
print(f"created {project}/{TOPIC}: {len(data.schema)} columns, {SHARDS} shards, subscription {sub_id}")
