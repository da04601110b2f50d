//! Creates a project, a tuple topic of 3 shards with the columns of the data set, and a subscription.

use hubstream::datahub::{CreateProject, CreateSubscription, CreateTupleTopic, WaitShardsReady};
use hubstream_examples::Failure;
use hubstream_examples::dataset::DataSet;
use hubstream_examples::journey::{Journey, SHARDS, TOPIC};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let data = DataSet::load()?;
    let journey = Journey::new()?;
    let (hub, project) = (&journey.hub, &journey.project);

    hub.create_project(CreateProject::new(project).comment("hubstream demo, Rust"))
        .await?;
    let topic = CreateTupleTopic::new(project, TOPIC, SHARDS, 1, data.schema.clone())
        .comment("flights out of New York in a blizzard");
    hub.create_tuple_topic(topic).await?;
    hub.wait_shards_ready(WaitShardsReady::new(project, TOPIC))
        .await?;

    let subscription = CreateSubscription::new(project, TOPIC).comment("demo");
    let sub_id = hub.create_subscription(subscription).await?.sub_id;
    journey.save("created", &json!({ "sub_id": sub_id }))?;
    println!(
        "created {project}/{TOPIC}: {} columns, {SHARDS} shards, subscription {sub_id}",
        data.schema.len()
    );
    Ok(())
}
