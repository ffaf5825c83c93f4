//! What there is: APIs, this broker, its topics, and itself again as every group's coordinator.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::create_topics_response::CreatableTopicResult;
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{
    ApiVersionsResponse, BrokerId, CreateTopicsRequest, CreateTopicsResponse, DeleteTopicsRequest,
    DeleteTopicsResponse, FindCoordinatorRequest, FindCoordinatorResponse, MetadataRequest, MetadataResponse,
    TopicName,
};
use kafka_protocol::protocol::StrBytes;

use super::{Broker, text};
use crate::log::wire::api::SPOKEN;

/// The only broker there is.
const NODE: BrokerId = BrokerId(0);
/// The kind of coordinator that there is; the other is for transactions.
const GROUP: i8 = 0;

/// The APIs and versions that are spoken, with an error if the request was in another.
pub(super) fn api_versions(error: Option<ResponseError>) -> ApiVersionsResponse {
    let keys = SPOKEN.iter().map(|(api, versions)| {
        ApiVersion::default().with_api_key(*api as i16).with_min_version(versions.min).with_max_version(versions.max)
    });
    ApiVersionsResponse::default().with_error_code(code(error)).with_api_keys(keys.collect())
}

fn code(error: Option<ResponseError>) -> i16 {
    error.map_or(0, |error| error.code())
}

impl Broker {
    /// The broker and the topics asked for, or all. Creates those that do not exist, if that is allowed.
    pub(super) fn metadata(&mut self, request: &MetadataRequest) -> MetadataResponse {
        let named = |topic: &TopicName| topic.to_string();
        let names: Vec<String> = match &request.topics {
            Some(topics) => topics.iter().filter_map(|topic| topic.name.as_ref().map(named)).collect(),
            None => self.topics.names().map(str::to_owned).collect(),
        };
        let may_create = request.allow_auto_topic_creation && self.options.auto_create_topics;
        let topics = names.iter().map(|name| self.describe_topic(name, may_create)).collect();
        let broker = MetadataResponseBroker::default()
            .with_node_id(NODE)
            .with_host(text(&self.advertised.host))
            .with_port(self.advertised.port.into());
        MetadataResponse::default()
            .with_brokers(vec![broker])
            .with_cluster_id(Some(StrBytes::from_static_str("handoff")))
            .with_controller_id(NODE)
            .with_topics(topics)
    }

    fn describe_topic(&mut self, name: &str, may_create: bool) -> MetadataResponseTopic {
        let error = match self.topics.partitions(name) {
            Some(_) => None,
            None if may_create => {
                self.topics.create(name, self.options.partitions, self.options.max_partitions, false).err()
            }
            None => Some(ResponseError::UnknownTopicOrPartition),
        };
        let partitions = (0..).take(self.topics.partitions(name).unwrap_or(0)).map(|index| {
            MetadataResponsePartition::default()
                .with_partition_index(index)
                .with_leader_id(NODE)
                .with_leader_epoch(0)
                .with_replica_nodes(vec![NODE])
                .with_isr_nodes(vec![NODE])
        });
        MetadataResponseTopic::default()
            .with_error_code(code(error))
            .with_name(Some(TopicName(text(name))))
            .with_partitions(partitions.collect())
    }

    pub(super) fn create_topics(&mut self, request: &CreateTopicsRequest, version: i16) -> CreateTopicsResponse {
        let topics = request.topics.iter().map(|topic| {
            let partitions = self.partitions_of(topic);
            let created = partitions.and_then(|partitions| {
                let max_partitions = self.options.max_partitions;
                self.topics.create(&topic.name, partitions, max_partitions, request.validate_only).map(|()| partitions)
            });
            let result =
                CreatableTopicResult::default().with_name(topic.name.clone()).with_error_code(code(created.err()));
            if version >= 5 {
                result
                    .with_num_partitions(created.unwrap_or(-1))
                    .with_replication_factor(if created.is_ok() { 1 } else { -1 })
                    .with_configs(Some(Vec::new()))
            } else {
                result
            }
        });
        CreateTopicsResponse::default().with_topics(topics.collect())
    }

    /// Deletes topics, and what groups have committed for them. Fetches that wait for their records are answered.
    pub(super) fn delete_topics(&mut self, request: &DeleteTopicsRequest) -> DeleteTopicsResponse {
        let responses = request.topic_names.iter().map(|name| {
            let deleted = self.topics.delete(name).map(|waiting| {
                self.groups.forget_topic(name);
                self.wake_fetches(waiting);
            });
            DeletableTopicResult::default().with_name(Some(name.clone())).with_error_code(code(deleted.err()))
        });
        DeleteTopicsResponse::default().with_responses(responses.collect())
    }

    /// How many partitions a topic is to have. One replica is all there is, and settings are the broker's alone.
    fn partitions_of(&self, topic: &CreatableTopic) -> Result<i32, ResponseError> {
        match topic {
            topic if !topic.assignments.is_empty() => Err(ResponseError::InvalidReplicaAssignment),
            topic if !topic.configs.is_empty() => Err(ResponseError::InvalidConfig),
            topic if !matches!(topic.replication_factor, -1 | 1) => Err(ResponseError::InvalidReplicationFactor),
            topic if topic.num_partitions == -1 => Ok(self.options.partitions),
            topic => Ok(topic.num_partitions),
        }
    }

    pub(super) fn find_coordinator(&self, request: &FindCoordinatorRequest, version: i16) -> FindCoordinatorResponse {
        let error = (request.key_type != GROUP).then_some(ResponseError::InvalidRequest);
        let (node, host, port) = match error {
            None => (NODE, text(&self.advertised.host), self.advertised.port.into()),
            Some(_) => (BrokerId(-1), StrBytes::new(), -1),
        };
        if version < 4 {
            return FindCoordinatorResponse::default()
                .with_error_code(code(error))
                .with_node_id(node)
                .with_host(host)
                .with_port(port);
        }
        let coordinators = request.coordinator_keys.iter().map(|key| {
            Coordinator::default()
                .with_key(key.clone())
                .with_error_code(code(error))
                .with_node_id(node)
                .with_host(host.clone())
                .with_port(port)
        });
        FindCoordinatorResponse::default().with_coordinators(coordinators.collect())
    }
}
