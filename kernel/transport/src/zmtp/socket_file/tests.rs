use super::*;

fn path(folder: &tempfile::TempDir) -> String {
    folder
        .path()
        .join("kernel-1")
        .to_str()
        .expect("unicode")
        .to_owned()
}

#[tokio::test]
async fn only_its_user_may_connect_and_dropping_it_removes_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let (listener, file) = SocketFile::bind(&path(&folder)).unwrap();
    let mode = fs::metadata(path(&folder)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    drop((listener, file));
    assert!(!Path::new(&path(&folder)).exists());
}

#[tokio::test]
async fn a_file_somebody_listens_on_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let _first = SocketFile::bind(&path(&folder)).unwrap();
    assert!(matches!(
        SocketFile::bind(&path(&folder)),
        Err(BindError::InUse)
    ));
    assert!(Path::new(&path(&folder)).exists());
}

#[tokio::test]
async fn what_a_dead_kernel_left_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (listener, file) = SocketFile::bind(&path(&folder)).unwrap();
    std::mem::forget(file);
    drop(listener);
    assert!(Path::new(&path(&folder)).exists());
    SocketFile::bind(&path(&folder)).unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_socket_is_never_removed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(path(&folder), "precious").unwrap();
    assert!(matches!(
        SocketFile::bind(&path(&folder)),
        Err(BindError::NotASocket)
    ));
    assert_eq!(fs::read_to_string(path(&folder)).unwrap(), "precious");
}

#[tokio::test]
async fn a_successors_file_is_not_removed() {
    let folder = tempfile::tempdir().unwrap();
    let first = SocketFile::bind(&path(&folder)).unwrap();
    fs::remove_file(path(&folder)).unwrap();
    let second = SocketFile::bind(&path(&folder)).unwrap();
    drop(first);
    assert!(Path::new(&path(&folder)).exists());
    drop(second);
}
