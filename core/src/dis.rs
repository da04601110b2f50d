//! Huawei Cloud DIS (Data Ingestion Service).

pub mod partition;
pub mod proto;
