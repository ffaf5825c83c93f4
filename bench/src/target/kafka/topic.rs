//! What is asked before and after a run: what is spoken, a topic made and deleted, offsets.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic;
use kafka_protocol::messages::*;

use super::link::{Link, USED, check};
use crate::target::TargetError;
use crate::target::connect::answered;

/// How long making and deleting a topic may take the broker.
const TOPIC_LIMIT_MS: i32 = 20_000;
/// How long is waited before something that takes a broker a moment is asked for again.
const PAUSE: Duration = Duration::from_millis(50);

/// A name that no topic has had: one whose deletion is not over cannot be made again.
pub(super) fn fresh_name() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("handoff-bench-{}", since.as_nanos())
}

fn named(topic: &str) -> TopicName {
    TopicName(topic.to_owned().into())
}

/// What the broker says that it speaks; an error if that is too little.
pub(super) async fn spoken(link: &mut Link) -> Result<String, TargetError> {
    let spoken = link.ask(&ApiVersionsRequest::default()).await?;
    check(spoken.error_code)?;
    let newest = |wanted: i16| spoken.api_keys.iter().find(|api| api.api_key == wanted).map(|api| api.max_version);
    let is_spoken = |&(key, version): &(i16, i16)| {
        let api = spoken.api_keys.iter().find(|api| api.api_key == key);
        api.is_some_and(|api| (api.min_version..=api.max_version).contains(&version))
    };
    if let Some((key, version)) = USED.iter().find(|used| !is_spoken(used)) {
        let text = format!("API {key} in version {version} is not spoken there");
        return Err(TargetError::Refused(text));
    }
    let [produce, fetch] = [ApiKey::Produce, ApiKey::Fetch].map(|key| newest(key as i16).unwrap_or_default());
    Ok(format!("Kafka's protocol with Produce up to version {produce} and Fetch up to version {fetch}"))
}

/// Makes a topic, and waits until it can be used: each partition has a leader, and its group a coordinator.
pub(super) async fn make(link: &mut Link, topic: &str, partitions: usize) -> Result<(), TargetError> {
    // As many replicas as the broker gives a topic.
    let wanted = CreatableTopic::default()
        .with_name(named(topic))
        .with_num_partitions(partitions as i32)
        .with_replication_factor(-1);
    let request = CreateTopicsRequest::default().with_topics(vec![wanted]).with_timeout_ms(TOPIC_LIMIT_MS);
    let made = link.ask(&request).await?;
    made.topics.iter().try_for_each(|topic| check(topic.error_code))?;
    answered(async {
        while !is_led(link, topic, partitions).await? || !is_coordinated(link, topic).await? {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    })
    .await
}

async fn is_led(link: &mut Link, topic: &str, partitions: usize) -> Result<bool, TargetError> {
    let asked = MetadataRequestTopic::default().with_name(Some(named(topic)));
    let request = MetadataRequest::default().with_topics(Some(vec![asked])).with_allow_auto_topic_creation(false);
    let described = link.ask(&request).await?;
    let found = described.topics.iter().flat_map(|topic| &topic.partitions);
    Ok(found.filter(|partition| partition.error_code == 0 && partition.leader_id >= BrokerId(0)).count() == partitions)
}

async fn is_coordinated(link: &mut Link, group: &str) -> Result<bool, TargetError> {
    let found = link.ask(&FindCoordinatorRequest::default().with_key(group.to_owned().into())).await?;
    if found.error_code == ResponseError::CoordinatorNotAvailable.code() {
        return Ok(false);
    }
    check(found.error_code).map(|()| true)
}

/// Deletes a topic.
pub(super) async fn delete(link: &mut Link, topic: &str) -> Result<(), TargetError> {
    let request = DeleteTopicsRequest::default().with_topic_names(vec![named(topic)]).with_timeout_ms(TOPIC_LIMIT_MS);
    let deleted = link.ask(&request).await?;
    deleted.responses.iter().try_for_each(|topic| check(topic.error_code))
}

/// Partitions, each with the offset that was committed for the group that is called like the topic; 0 if none was.
pub(super) async fn committed(
    link: &mut Link,
    topic: &str,
    partitions: &[i32],
) -> Result<Vec<(i32, i64)>, TargetError> {
    let asked = OffsetFetchRequestTopic::default().with_name(named(topic)).with_partition_indexes(partitions.to_vec());
    let request =
        OffsetFetchRequest::default().with_group_id(GroupId(topic.to_owned().into())).with_topics(Some(vec![asked]));
    let found = link.ask(&request).await?;
    check(found.error_code)?;
    let answers = found.topics.iter().flat_map(|topic| &topic.partitions);
    answers
        .map(|answer| check(answer.error_code).map(|()| (answer.partition_index, answer.committed_offset.max(0))))
        .collect()
}
