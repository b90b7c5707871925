//! Delivery through the real SDK: to moto, which emulates the services, and to servers that answer
//! as the services do on bad days. `bash .ci/aws` installs moto and runs this.

mod arrive;
mod limits;
mod moto;
mod refuse;
mod stub;
mod world;
