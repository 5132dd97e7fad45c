//! What a trained model is made of, apart from how it is kept: settings as JSON, and arrays of numbers.
//!
//! Every learner gives its parts and is made of them again; the arrays are one [safetensors] file, which holds numbers
//! and nothing that could run. Arrays read from a file are views of its bytes (a memory map, say), so that a model is
//! ready as soon as its file is open.
//!
//! [safetensors]: https://huggingface.co/docs/safetensors/index

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use bytemuck::Pod;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;

use crate::ModelError;

/// Bytes that several arrays are views of.
pub type Bytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// A number as arrays hold it, little-endian.
pub trait Number: Pod + Send + Sync + fmt::Debug + PartialEq {
    /// Its type in a safetensors file.
    const DTYPE: Dtype;
}

impl Number for u8 {
    const DTYPE: Dtype = Dtype::U8;
}
impl Number for u16 {
    const DTYPE: Dtype = Dtype::U16;
}
impl Number for i8 {
    const DTYPE: Dtype = Dtype::I8;
}
impl Number for u32 {
    const DTYPE: Dtype = Dtype::U32;
}
impl Number for u64 {
    const DTYPE: Dtype = Dtype::U64;
}
impl Number for f32 {
    const DTYPE: Dtype = Dtype::F32;
}
impl Number for f64 {
    const DTYPE: Dtype = Dtype::F64;
}

/// Numbers of one type: its own, or a view of shared bytes.
#[derive(Clone)]
pub struct Array<T> {
    store: Store<T>,
}

#[derive(Clone)]
enum Store<T> {
    Owned(Vec<T>),
    View { bytes: Bytes, start: usize, end: usize, of: PhantomData<T> },
}

impl<T> From<Vec<T>> for Array<T> {
    fn from(values: Vec<T>) -> Self {
        Self { store: Store::Owned(values) }
    }
}

impl<T> Default for Array<T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<T: Number> Deref for Array<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.store {
            Store::Owned(values) => values,
            // That the bytes are aligned and a whole number of values was checked when the view was made.
            Store::View { bytes, start, end, .. } => bytemuck::cast_slice(&(**bytes).as_ref()[*start..*end]),
        }
    }
}

impl<T: Number> fmt::Debug for Array<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Number> PartialEq for Array<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

/// An array of any type of number.
#[derive(Debug, Clone)]
struct Tensor {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Array<u8>,
}

/// What a model is made of.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    /// Settings and everything else that is not an array of numbers.
    pub settings: Value,
    tensors: BTreeMap<String, Tensor>,
}

impl Parts {
    /// Parts without arrays yet.
    pub fn new(settings: Value) -> Self {
        Self { settings, tensors: BTreeMap::new() }
    }

    /// Adds an array of that name and shape, whose product is the number of values.
    ///
    /// # Panics
    ///
    /// When the shape does not fit.
    pub fn put<T: Number>(&mut self, name: &str, shape: &[usize], values: &[T]) {
        assert_eq!(shape.iter().product::<usize>(), values.len(), "the shape of '{name}'");
        let bytes = bytemuck::cast_slice(values).to_vec().into();
        self.tensors.insert(name.to_owned(), Tensor { dtype: T::DTYPE, shape: shape.to_vec(), bytes });
    }

    /// Adds all arrays of other parts, their names behind `name` and a point; gives their settings.
    pub fn put_all(&mut self, name: &str, other: Self) -> Value {
        self.tensors.extend(other.tensors.into_iter().map(|(own, tensor)| (format!("{name}.{own}"), tensor)));
        other.settings
    }

    /// The arrays whose names stand behind `name` and a point, as parts of their own with these settings.
    #[must_use]
    pub fn take_all(&mut self, name: &str, settings: Value) -> Self {
        let prefix = format!("{name}.");
        let mut tensors = BTreeMap::new();
        for (all, tensor) in std::mem::take(&mut self.tensors) {
            match all.strip_prefix(&prefix) {
                Some(own) => tensors.insert(own.to_owned(), tensor),
                None => self.tensors.insert(all, tensor),
            };
        }
        Self { settings, tensors }
    }

    /// The array of that name, without a copy where it is a view.
    ///
    /// # Errors
    ///
    /// When there is none, when it holds another type of number, or when its shape is not `shape`, in which `None` stands
    /// for any length.
    pub fn take<T: Number>(&mut self, name: &str, shape: &[Option<usize>]) -> Result<Array<T>, ModelError> {
        let damaged = |what: String| ModelError::Damaged { what };
        let tensor = self.tensors.remove(name).ok_or_else(|| damaged(format!("no array '{name}'")))?;
        let Tensor { dtype, shape: found, bytes } = tensor;
        if dtype != T::DTYPE {
            return Err(damaged(format!("array '{name}' of {dtype:?} where {:?} is needed", T::DTYPE)));
        }
        let fits = found.len() == shape.len() && found.iter().zip(shape).all(|(n, want)| want.is_none_or(|w| *n == w));
        if !fits {
            return Err(damaged(format!("array '{name}' of shape {found:?} where {} is needed", Shape(shape))));
        }
        match bytes.store {
            Store::View { bytes, start, end, .. } => {
                if bytemuck::try_cast_slice::<u8, T>(&(*bytes).as_ref()[start..end]).is_ok() {
                    return Ok(Array { store: Store::View { bytes, start, end, of: PhantomData } });
                }
                Ok(bytemuck::pod_collect_to_vec::<u8, T>(&(*bytes).as_ref()[start..end]).into())
            }
            Store::Owned(bytes) => Ok(bytemuck::pod_collect_to_vec::<u8, T>(&bytes).into()),
        }
    }

    /// All arrays as the bytes of a safetensors file, the same for the same arrays.
    pub fn to_safetensors(&self) -> Vec<u8> {
        let views = self.tensors.iter().map(|(name, tensor)| {
            // The shapes were checked when the arrays were put.
            let view = TensorView::new(tensor.dtype, tensor.shape.clone(), &tensor.bytes);
            (name.as_str(), view.unwrap_or_else(|e| unreachable!("array '{name}': {e}")))
        });
        safetensors::serialize(views, None).unwrap_or_else(|e| unreachable!("arrays in memory: {e}"))
    }

    /// Parts of settings and the bytes of a safetensors file, of which the arrays become views.
    ///
    /// # Errors
    ///
    /// When the bytes are no such file.
    pub fn of_safetensors(settings: Value, bytes: &Bytes) -> Result<Self, ModelError> {
        let all = (**bytes).as_ref();
        let damaged = |e| ModelError::Damaged { what: format!("the arrays cannot be read ({e})") };
        let file = SafeTensors::deserialize(all).map_err(damaged)?;
        let mut tensors = BTreeMap::new();
        for (name, view) in file.iter() {
            let start = view.data().as_ptr() as usize - all.as_ptr() as usize;
            let end = start + view.data().len();
            let bytes = Array { store: Store::View { bytes: bytes.clone(), start, end, of: PhantomData } };
            tensors.insert(name.to_owned(), Tensor { dtype: view.dtype(), shape: view.shape().to_vec(), bytes });
        }
        Ok(Self { settings, tensors })
    }

    /// The setting of that name.
    ///
    /// # Errors
    ///
    /// When there is none, or it is of another kind.
    pub fn setting<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, ModelError> {
        let value = self.settings.get(name).ok_or_else(|| ModelError::Damaged { what: format!("no '{name}'") })?;
        serde_json::from_value(value.clone())
            .map_err(|e| ModelError::Damaged { what: format!("'{name}' cannot be read ({e})") })
    }
}

/// A shape in words: `[3, any]`.
struct Shape<'a>(&'a [Option<usize>]);

impl fmt::Display for Shape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = |n: &Option<usize>| n.map_or_else(|| "any".to_owned(), |n| n.to_string());
        write!(f, "[{}]", self.0.iter().map(one).collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arrays_come_back_as_views() {
        let mut parts = Parts::new(json!({"n": 3}));
        parts.put("w", &[2, 3], &[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.5]);
        parts.put("h", &[2], &[u64::MAX, 7]);
        parts.put("b", &[3], &[1u8, 2, 3]);
        parts.put("none", &[0], &[0u32; 0]);
        let bytes: Bytes = Arc::new(parts.to_safetensors());
        let mut read = Parts::of_safetensors(json!({"n": 3}), &bytes).unwrap();
        assert_eq!(read.to_safetensors(), parts.to_safetensors());
        assert_eq!(read.setting::<u32>("n").unwrap(), 3);
        let w: Array<f32> = read.take("w", &[Some(2), None]).unwrap();
        assert_eq!(&*w, [1.0, 2.0, 3.0, 4.0, 5.0, 6.5]);
        assert_eq!(&*read.take::<u64>("h", &[None]).unwrap(), [u64::MAX, 7]);
        assert_eq!(&*read.take::<u8>("b", &[Some(3)]).unwrap(), [1, 2, 3]);
        assert!(read.take::<u32>("none", &[None]).unwrap().is_empty());
    }

    #[test]
    fn parts_stand_in_parts() {
        let mut whole = Parts::new(json!({}));
        for (name, value) in [("0", 1.0f32), ("1", 2.0)] {
            let mut part = Parts::new(json!({"name": name}));
            part.put("w", &[1], &[value]);
            assert_eq!(whole.put_all(name, part), json!({"name": name}));
        }
        let mut second = whole.take_all("1", json!({}));
        assert_eq!(&*second.take::<f32>("w", &[None]).unwrap(), [2.0]);
        assert!(whole.take_all("1", json!({})).take::<f32>("w", &[None]).is_err());
        assert_eq!(&*whole.take::<f32>("0.w", &[None]).unwrap(), [1.0]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let parts = || {
            let mut parts = Parts::new(json!({"n": "x"}));
            parts.put("w", &[2], &[1.0f32, 2.0]);
            parts
        };
        let message = |e: ModelError| e.to_string();
        assert!(message(parts().take::<u8>("w", &[None]).unwrap_err()).contains("'w' of F32 where U8"));
        let wrong = message(parts().take::<f32>("w", &[Some(3), None]).unwrap_err());
        assert!(wrong.contains("'w' of shape [2] where [3, any]"), "{wrong}");
        assert!(message(parts().take::<f32>("v", &[]).unwrap_err()).contains("no array 'v'"));
        assert!(message(parts().setting::<u32>("n").unwrap_err()).contains("'n' cannot be read"));
        let bytes: Bytes = Arc::new(b"no such file".to_vec());
        assert!(Parts::of_safetensors(json!({}), &bytes).is_err());
    }
}
