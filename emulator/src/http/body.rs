//! The body of a reply, whole or cut off.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// A reply is withheld because its service said so.
#[derive(Debug, thiserror::Error)]
#[error("the reply is cut off")]
pub(super) struct CutOff;

/// The body of a reply.
pub(super) struct ReplyBody {
    rest: Bytes,
    ending: Ending,
}

enum Ending {
    Complete,
    /// What came before is written first.
    Flush,
    Break,
}

impl ReplyBody {
    /// The body as it is.
    pub(super) fn whole(body: Bytes) -> Self {
        Self {
            rest: body,
            ending: Ending::Complete,
        }
    }

    /// The first half of a body; then the connection breaks.
    pub(super) fn half(mut body: Bytes) -> Self {
        body.truncate(body.len() / 2);
        Self {
            rest: body,
            ending: Ending::Flush,
        }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = CutOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutOff>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.rest)))));
        }
        match self.ending {
            Ending::Complete => Poll::Ready(None),
            Ending::Flush => {
                self.ending = Ending::Break;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Ending::Break => Poll::Ready(Some(Err(CutOff))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && matches!(self.ending, Ending::Complete)
    }

    fn size_hint(&self) -> SizeHint {
        match self.ending {
            Ending::Complete => SizeHint::with_exact(self.rest.len() as u64),
            Ending::Flush | Ending::Break => SizeHint::default(),
        }
    }
}
